/** An exact amount with its thousands apart: digits are never rounded here. */
export function money(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.')
  return `${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}.${fraction.padEnd(2, '0')}`
}

/** Exact amounts added up. */
export function sum(amounts: string[]): string {
  const digits = Math.max(0, ...amounts.map((amount) => (amount.split('.')[1] ?? '').length))
  const units = amounts.map((amount) => {
    const [whole = '0', fraction = ''] = amount.split('.')
    return BigInt(whole + fraction.padEnd(digits, '0'))
  })
  const total = units.reduce((one, other) => one + other, 0n)
  const text = (total < 0n ? -total : total).toString().padStart(digits + 1, '0')
  const [whole, fraction] = [text.slice(0, text.length - digits), text.slice(text.length - digits)]
  return `${total < 0n ? '-' : ''}${whole}${digits ? `.${fraction}` : ''}`
}
