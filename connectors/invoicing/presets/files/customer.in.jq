# One row of the terminal's buyer export → canonical customer.
#
# 地址电话 and 银行账号 hold two things each, parted by the last blank.
def words: if . == null then null else (tostring | blank) end;
def tax_id: words | if . == null then null else (half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") | blank) end;
def parted: words | if . == null then [] else split(" ") | map(select(. != "")) | if length < 2 then . else [(.[:-1] | join(" ")), .[-1]] end end;
(.["地址电话"] | parted) as $place
| (.["银行账号"] | parted) as $account
| {
    legal_name: (.["购方名称"] | words),
    code: (.["助记码"] | words),
    tax_id: (.["购方税号"] | tax_id),
    phones: [$place[1] | select(. != null and test("[0-9].*[0-9].*[0-9]"))],
    addresses: [{ street: $place[0] } | select(.street != null) | { purpose: "registered" } + .],
    bank_account: (
      if $account[1] == null then null else { bank: $account[0], number: $account[1] } end
    )
  }
| compact
