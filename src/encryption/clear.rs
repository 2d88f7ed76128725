//! What a key gave, and whether anything vouches for it.

use zeroize::Zeroizing;

/// Bytes in the clear.
pub(super) struct Clear {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    /// Nothing authenticates them: AES-CBC opened them.
    pub(super) is_unauthenticated: bool,
}

impl Clear {
    pub(super) fn authenticated(plaintext: Zeroizing<Vec<u8>>) -> Clear {
        Clear {
            plaintext,
            is_unauthenticated: false,
        }
    }

    pub(super) fn unauthenticated(plaintext: Zeroizing<Vec<u8>>) -> Clear {
        Clear {
            plaintext,
            is_unauthenticated: true,
        }
    }
}
