//! The endpoint of a `kms` provider: a URL as Go's `net/url` parses it, of scheme
//! `unix`.
//!
//! Source: Go 1.26's `net/url` (`url.go`) and `net/netip`.

use std::net::Ipv6Addr;

const NOT_ESCAPED: &str = "not a URL: a broken % escape";
const HOST: &str = "not a URL: a character that no host name has";

/// What is wrong with an endpoint.
pub(super) fn check(endpoint: &str) -> Result<(), &'static str> {
    if endpoint.is_empty() {
        return Err("an endpoint is needed");
    }
    let (url, fragment) = endpoint.split_once('#').unwrap_or((endpoint, ""));
    if url.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("not a URL: a control character");
    }
    let (scheme, rest) = scheme(url)?;
    let (path, _) = rest.split_once('?').unwrap_or((rest, ""));
    if path.starts_with('/') || scheme.is_empty() {
        check_path(path)?;
    }
    check_escapes(fragment, Part::Path)?;
    match scheme.eq_ignore_ascii_case("unix") {
        true => Ok(()),
        false => Err("not a URL of scheme unix"),
    }
}

/// Letters first, then also digits and `+-.`, before a colon.
fn scheme(url: &str) -> Result<(&str, &str), &'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    match url.split_once(':') {
        Some(("", _)) => Err("not a URL: no scheme before the colon"),
        Some((scheme, rest))
            if scheme.chars().all(is_part)
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            Ok((scheme, rest))
        }
        _ => Ok(("", url)),
    }
}

fn check_path(path: &str) -> Result<(), &'static str> {
    let Some(rest) = path.strip_prefix("//") else {
        return check_escapes(path, Part::Path);
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    check_host(host)?;
    let of_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(of_user) {
        return Err("not a URL: a character that no user name has");
    }
    check_escapes(user, Part::Path)?;
    check_escapes(path, Part::Path)
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let Some(opened) = host.strip_prefix('[') else {
        if host.contains('[') {
            return Err("not a URL: a '[' within its host");
        }
        if let Some((_, port)) = host.rsplit_once(':') {
            check_port(port)?;
        }
        return check_escapes(host, Part::Host);
    };
    let (address, port) = match opened.rsplit_once(']') {
        Some(_) if opened.contains('[') => return Err("not a URL: a '[' within its host"),
        Some((address, "")) => (address, ""),
        Some((address, port)) => match port.strip_prefix(':') {
            Some(port) => (address, port),
            None => return Err(PORT),
        },
        None => return Err("not a URL: no ']' in its host"),
    };
    check_port(port)?;
    let address = match address
        .find("%25")
        .and_then(|at| address.split_at_checked(at))
    {
        Some((address, zone)) => {
            check_escapes(zone, Part::Zone)?;
            if zone == "%25" {
                return Err("not a URL: an empty zone");
            }
            address
        }
        None => address,
    };
    match address.parse::<Ipv6Addr>() {
        Ok(_) => Ok(()),
        Err(_) => Err("not a URL: no IPv6 address in brackets"),
    }
}

const PORT: &str = "not a URL: a port that is no number";

fn check_port(port: &str) -> Result<(), &'static str> {
    match port.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(()),
        false => Err(PORT),
    }
}

/// Parts of a URL that differ in what may stand in them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A path, a user, a fragment.
    Path,
    Host,
    /// An IPv6 address's zone.
    Zone,
}

/// Go's `unescape`, as far as it refuses.
fn check_escapes(text: &str, part: Part) -> Result<(), &'static str> {
    let of_host =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!$&'()*+,;=:[]<>\"-_.~".contains(&byte);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
                return Err(NOT_ESCAPED);
            };
            let value = u8::try_from((high << 4) | low).unwrap_or_default();
            let allowed = value == b'%'
                || match part {
                    Part::Path => true,
                    Part::Host => high >= 8,
                    Part::Zone => value == b' ' || of_host(value),
                };
            if !allowed {
                return Err(HOST);
            }
        } else if part != Part::Path && byte < 0x80 && !of_host(byte) {
            return Err(HOST);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_unix_url() {
        for sound in [
            "unix:///run/kms/kms.sock",
            "unix:///@kms",
            "UNIX:///a%20b",
            "unix:opaque%zz",
            "unix:",
            "unix:?%zz",
            "unix:///a?%zz#%20",
            "unix://a:1:2/run",
            "unix://[::1]:5/run",
            "unix://[fe80::1%25en0]/run",
            "unix://user:pass@host/run",
            "unix://%80/run",
        ] {
            assert_eq!(check(sound), Ok(()), "{sound}");
        }
        for broken in [
            "",
            "/run/kms.sock",
            "tcp://localhost:1",
            ":///run",
            "1unix:///run",
            "unix:///a%2",
            "unix:///a#%2",
            "unix:///a\nb",
            "unix://a b/c",
            "unix://a%20b/run",
            "unix://[::1/run",
            "unix://[1.2.3.4]/run",
            "unix://[::1%25]/run",
            "unix://[::1]x/run",
            "unix://a[::1]/run",
            "unix://a:b/run",
            "unix://us er@host/run",
        ] {
            assert!(check(broken).is_err(), "{broken}");
        }
    }
}
