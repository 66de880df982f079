//! Numbers pass a mapping digit by digit.

use super::check;

#[test]
fn numbers_pass_unchanged() {
    for number in [
        "0.1",
        "19.90",
        "10000000000000000.01",
        "1234567890123456.78",
        "1234567890123456789",
        "9223372036854775808",
        "12345678901234567890123",
        "-0.10",
        "0",
        "100",
        "1e2",
        "0.000000000000000000001",
    ] {
        check(".", number, number);
        check(".a", &format!("{{\"a\":{number}}}"), number);
        check("{b: .a[0]} | .b", &format!("{{\"a\":[{number}]}}"), number);
        check("tojson | fromjson", number, number);
        check("\"\\(.)\"", number, &format!("\"{number}\""));
        check("[.] | map(.) | sort | .[0]", number, number);
        check(". as $x | $x", number, number);
        check(number, "null", number);
    }
}

#[test]
fn whole_numbers_are_exact_in_arithmetic() {
    check(". + 1", "1234567890123456789", "1234567890123456790");
    check(". + 1", "9223372036854775807", "9223372036854775808");
    check(
        ". * 10",
        "12345678901234567890123",
        "123456789012345678901230",
    );
}

#[test]
fn literals_become_json_numbers() {
    check("007", "0", "7");
    check("007.50", "0", "7.50");
    check("0.50", "0", "0.50");
    check("000", "0", "0");
}

#[test]
fn what_is_no_number_is_an_error() {
    super::check_fails("1 / 0", "0", "division by zero");
    super::check_fails(". * .", "1e300", "overflow");
    super::check_fails(". % 0", "1", "cannot calculate");
    super::check_fails(
        "reduce range(20) as $i (1234567890123; . * .)",
        "0",
        "thousand digits",
    );
}
