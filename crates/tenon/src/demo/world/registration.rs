//! Registration numbers of companies that do not exist, with check characters that hold.

/// The characters of a unified social credit code in the order of their values (GB 32100-2015).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The unified social credit code of an enterprise in an administrative division, by its serial
/// number there (below a million).
pub(crate) fn credit_code(division: &str, serial: usize) -> String {
    let mut code = format!("91{division}");
    code.push_str(&organisation(&format!("MA{:06}", serial % 1_000_000)));
    code.push(check(&code));
    code
}

/// An organisation code: eight characters and their check character (GB 11714-1997).
fn organisation(body: &str) -> String {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        _ => u32::from(byte - b'A') + 10,
    };
    let sum: u32 = body
        .bytes()
        .zip(WEIGHTS)
        .map(|(byte, weight)| value(byte) * weight)
        .sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from(b'0' + u8::try_from(digit).unwrap_or_default()),
    };
    format!("{body}{check}")
}

/// The last character of a unified social credit code: the 17 before it, weighted with powers of 3.
fn check(code: &str) -> char {
    let value = |byte: u8| {
        ALPHABET
            .iter()
            .position(|known| *known == byte)
            .unwrap_or_default()
    };
    let mut weight = 1;
    let mut sum = 0;
    for byte in code.bytes() {
        sum += value(byte) * weight;
        weight = weight * 3 % 31;
    }
    char::from(ALPHABET[(31 - sum % 31) % 31])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_characters_hold() {
        for serial in 0..5_000 {
            let code = credit_code("310115", serial);
            let parsed = tenon_master::TaxId::parse(&code);
            assert!(parsed.is_ok(), "{code}: {parsed:?}");
            assert_eq!(code.len(), 18);
        }
    }
}
