use super::*;

/// scheme, netloc, path, query
fn split(url: &str) -> [String; 4] {
    let parts = urlsplit(url).unwrap_or_else(|error| panic!("{url:?}: {error}"));
    [parts.scheme, parts.netloc, parts.path, parts.query].map(|part| part.expose().to_string())
}

fn error(url: &str) -> Option<SplitError> {
    urlsplit(url).err()
}

/// Host and port behind `//`.
fn host_and_port(netloc: &str) -> (String, Result<Option<u16>, SplitError>) {
    let parts = urlsplit(&format!("//{netloc}")).unwrap();
    (parts.hostname().expose().to_string(), parts.port())
}

#[test]
fn a_url_is_split_into_its_parts() {
    assert_eq!(
        split("Http://U:P@H:1/a/b?c=d?e#f?g"),
        ["http", "U:P@H:1", "/a/b", "c=d?e"]
    );
    assert_eq!(split("a+b.c-1:x"), ["a+b.c-1", "", "x", ""]);
    assert_eq!(split("x:/p"), ["x", "", "/p", ""]);
    assert_eq!(split("x:///p"), ["x", "", "/p", ""]);
    assert_eq!(split("//h?q#f"), ["", "h", "", "q"]);
    assert_eq!(split(""), ["", "", "", ""]);
}

#[test]
fn text_without_a_valid_scheme_is_a_path() {
    for text in [
        "my_x://h",
        "1a://h",
        "://h",
        "é://h",
        "-a://h",
        "\u{a0}x://h",
    ] {
        assert_eq!(split(text), ["", "", text, ""]);
    }
}

#[test]
fn control_characters_in_front_and_line_breaks_anywhere_are_dropped() {
    assert_eq!(split("\0\u{1f} x\n:/\t/h\r"), ["x", "h", "", ""]);
    assert_eq!(split("x://h\u{b}"), ["x", "h\u{b}", "", ""]);
}

#[test]
fn the_last_at_ends_the_user_and_the_first_colon_the_login() {
    let parts = urlsplit("x://u@v:p:q@h").unwrap();
    assert_eq!(
        (parts.username(), parts.password()),
        (Some("u@v"), Some("p:q"))
    );
    let parts = urlsplit("x://@h").unwrap();
    assert_eq!((parts.username(), parts.password()), (Some(""), None));
    let parts = urlsplit("x://:@h").unwrap();
    assert_eq!((parts.username(), parts.password()), (Some(""), Some("")));
    let parts = urlsplit("x://h:1").unwrap();
    assert_eq!((parts.username(), parts.password()), (None, None));
}

#[test]
fn the_host_is_lower_cased_up_to_a_percent_sign() {
    let cases = [
        ("u@Host.Ex", "host.ex"),
        ("H%2FPath", "h%2FPath"),
        ("[FE80::1%Eth0]", "fe80::1%Eth0"),
        ("İΑΣ", "i\u{307}ας"),
        ("[v1.A]", "v1.a"),
        ("x[::1]y", "::1"),
        ("", ""),
    ];
    for (netloc, host) in cases {
        assert_eq!(host_and_port(netloc).0, host, "{netloc}");
    }
}

#[test]
fn a_port_is_ascii_digits_up_to_65535() {
    let cases = [
        ("h", Ok(None)),
        ("h:", Ok(None)),
        ("h:0", Ok(Some(0))),
        ("h:00080", Ok(Some(80))),
        ("h:65535", Ok(Some(65535))),
        ("[::1]:80", Ok(Some(80))),
        ("[::1]80", Ok(None)),
        ("h:65536", Err(SplitError::PortOutOfRange)),
        ("h:1:2", Err(SplitError::PortNotANumber)),
        ("h1:1,h2:2", Err(SplitError::PortNotANumber)),
    ];
    for (netloc, port) in cases {
        assert_eq!(host_and_port(netloc).1, port, "{netloc}");
    }
    for port in ["abc", "-1", "+5", " 5", "5_0", "٣", "²", "1e3"] {
        assert_eq!(
            host_and_port(&format!("h:{port}")).1,
            Err(SplitError::PortNotANumber),
            "{port}"
        );
    }
    let zeros = format!("h:{}80", "0".repeat(4299));
    assert_eq!(host_and_port(&zeros).1, Err(SplitError::PortOutOfRange));
}

#[test]
fn brackets_hold_an_ipv6_address() {
    for host in [
        "::",
        "::1",
        "1:2:3:4:5:6:7::",
        "::1.2.3.4",
        "fe80::1%eth0",
        "v1.a",
        "vF.:x",
    ] {
        assert_eq!(error(&format!("//[{host}]")), None, "{host}");
    }
    let refused = [
        "",
        "1.2.3.4",
        "::01.2.3.4",
        "1::2::3",
        ":::",
        "12345::",
        "::%",
        "::%a%b",
        "v.a",
        "vg.a",
        "v1.",
        "V1.a",
        "h",
        "::1 ",
    ];
    for host in refused {
        assert_eq!(
            error(&format!("//[{host}]")),
            Some(SplitError::NotAnIpv6Address),
            "{host}"
        );
    }
    assert_eq!(error("//u[::1]:p@h"), None);
    assert_eq!(error("//["), Some(SplitError::UnbalancedBracket));
    assert_eq!(error("//u:p]@h"), Some(SplitError::UnbalancedBracket));
    assert_eq!(error("//a]b[c"), Some(SplitError::NotAnIpv6Address));
    assert_eq!(error("x:/[/p"), None);
}

#[test]
fn a_character_that_stands_for_a_delimiter_is_refused_in_the_host_part() {
    for c in "⁇⁈⁉℀℁℅℆⩴︓︖﹕﹖﹟﹫＃／：？＠".chars() {
        assert_eq!(
            error(&format!("//u:{c}@h")),
            Some(SplitError::DisguisedDelimiter),
            "{c}"
        );
        assert_eq!(error(&format!("//h/{c}")), None, "{c}");
    }
    // other characters change under NFKC too, without harm
    assert_eq!(error("//ﬁ①Å½"), None);
}
