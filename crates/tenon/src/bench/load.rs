//! The messages that are measured: orders of about 1 KiB in a shop's own form.

use bytes::Bytes;

/// One order; every number makes another.
pub(super) fn order(number: u64) -> Bytes {
    let price = 10_000 + number % 9_000;
    let line = |line: u64| {
        let quantity = 1 + (number + line) % 50;
        format!(
            r#"{{"pos":{line},"sku":"SHV-{:05}","text":"electric shaver, series {}, {} heads, travel case","qty":{quantity},"unit":"pcs","price":{}.{:02},"vat":0.13,"sum":{}}}"#,
            (number * 7 + line) % 400,
            line % 9,
            2 + line % 3,
            price / 100,
            price % 100,
            decimal(price * quantity),
        )
    };
    let net: u64 = (1..=4).map(|line| price * (1 + (number + line) % 50)).sum();
    let tax = net * 13 / 100;
    Bytes::from(format!(
        r#"{{"order_no":"SO-{number:09}","buyer":"C-{:06}","placed":"2026-03-{:02}","wanted":"2026-04-{:02}","cur":"CNY","state":"confirmed","seller":"user{:03}","contract":"HT-2026-{:06}","remark":"deliver to gate 3 of the central warehouse between 08:00 and 16:00, call the foreman of the shift half an hour before; pallets of 80 by 120, no stacking, delivery note in two copies","net":{},"tax":{},"gross":{},"lines":[{},{},{},{}]}}"#,
        number % 20_000,
        1 + number % 28,
        1 + number % 28,
        number % 40,
        number % 100_000,
        decimal(net),
        decimal(tax),
        decimal(net + tax),
        line(1),
        line(2),
        line(3),
        line(4),
    ))
}

fn decimal(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_json_of_about_one_kibibyte() {
        for number in [0, 1, 49_999, 999_999] {
            let order = order(number);
            assert!((900..1200).contains(&order.len()), "{}", order.len());
            let value: serde_json::Value = serde_json::from_slice(&order).unwrap();
            assert_eq!(value["lines"].as_array().unwrap().len(), 4);
        }
    }
}
