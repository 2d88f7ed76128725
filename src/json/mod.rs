//! JSON exactly as Go prints it.
