//! Any text: a configuration is sound exactly if nothing is wrong with it, every
//! key that is kept can be used, and what a sound one seals for a resource it
//! opens again, within its policy.

use k8s_etcd::Category;
use k8s_etcd::encryption::{
    EncryptionConfiguration, Key, Keyring, ProviderConfiguration as Provider,
};

pub fn encryption_configuration(data: &[u8]) {
    let (configuration, problems) = EncryptionConfiguration::parse_lenient(data);
    match EncryptionConfiguration::parse(data) {
        Ok(_) => assert!(problems.is_empty()),
        Err(error) => assert_eq!(error.to_string(), problems[0].to_string()),
    }
    for problem in &problems {
        assert_eq!(problem.category(), Category::Configuration);
    }
    for provider in configuration
        .resources()
        .iter()
        .flat_map(|rule| rule.providers())
    {
        check(provider);
    }
    let keyring = Keyring::new().with_configuration(&configuration);
    let plaintext = b"k8s\0 and more";
    for resource in configuration
        .resources()
        .iter()
        .flat_map(|rule| rule.resources())
    {
        let sealed = keyring.seal(plaintext, Some(resource), b"/key", &[5; 24]);
        let Ok(value) = sealed else { continue };
        let recognize = |bytes: &[u8]| bytes == plaintext;
        let opened = keyring.decrypt(&value, Some(resource), Some(b"/key"), &recognize);
        let opened = opened.expect("what was sealed");
        assert_eq!(&*opened.plaintext, plaintext);
        assert!(!opened.info.out_of_policy);
    }
}

fn check(provider: &Provider) {
    let lengths: &[usize] = match provider {
        Provider::AesGcm(_) | Provider::AesCbc(_) => &[16, 24, 32],
        _ => &[32],
    };
    if let Provider::AesGcm(keys) | Provider::AesCbc(keys) | Provider::Secretbox(keys) = provider {
        let is_sound = |key: &Key| lengths.contains(&key.secret().len());
        assert!(keys.iter().all(is_sound));
    }
}
