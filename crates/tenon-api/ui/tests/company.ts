// A company's two years of trade, told to a hub: what the figures, and the pictures of the pages, are made of.
import { taxId, until, type Hub } from './hub'

const CITIES = ['上海', '广州', '杭州', '成都', '宁波', '苏州', '厦门', '青岛', '长沙', '武汉']
const BRANDS = ['川可', '嘉泰', '盛鼎', '永安', '瑞丰', '华信', '金辉', '同创', '美居', '百利', '恒达', '新世纪', '远航', '福源', '锦绣']
const TRADES = ['retail/appliances', 'retail/online', 'wholesale/household', 'hospitality/hotels']
const SOURCES = ['exhibition/canton-fair', 'exhibition/ifa', 'platform/alibaba', 'platform/jd', 'referral/dealer']
const OWNERS = ['王敏', '李雷', '沈悦', '赵强']
const ITEMS = [
  ['SH-100', '往复式剃须刀', 49, '28.00'], ['SH-200', '旋转式剃须刀 双头', 89, '47.00'], ['SH-300', '旋转式剃须刀 三头', 159, '83.00'],
  ['SH-500', '旗舰剃须刀', 329, '168.00'], ['BL-10', '替换刀头', 19, '6.50'], ['CL-20', '清洁座', 69, '31.00'],
] as const
const STAGES = ['met', 'found', 'confirmed', 'need_clear', 'quoted', 'committed', 'accepted', 'paid']
const AT_ONCE = 8
/** Customers that sell on, and tell of their stock. */
const DEALERS = 6

/** The same numbers each time, so that pictures do not change by themselves. */
function dice(seed: number) {
  let state = seed
  return (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)
const cents = (whole: number, share = 100) => (Math.round(whole * share) / 100).toFixed(2)

/** Tells of so many customers and orders, and of what followed from them. Returns how many facts there are. */
export async function tellCompany(hub: Hub, sizes: { customers: number; orders: number }): Promise<number> {
  const roll = dice(7)
  const pick = <T>(from: readonly T[]) => from[roll(from.length)]!
  const to = (system: string, id: string) => ({ system, native_id: id })
  const facts: [string, string, string, unknown][][] = [[], [], [], [], []]
  for (const [code, name, , cost] of ITEMS) facts[0]!.push(['erp', 'item', code, { code, name, standard_cost: cost, cost_currency: 'CNY' }])
  for (let number = 0; number < sizes.customers; number++) {
    const id = `C-${1000 + number}`
    const city = pick(CITIES)
    const brand = `${BRANDS[number % BRANDS.length]}${number >= BRANDS.length ? '二三四五六七八九'[Math.floor(number / BRANDS.length) - 1] : ''}`
    facts[0]!.push(['crm', 'customer', id, {
      legal_name: `${city}${brand}贸易有限公司`, short_name: brand, tax_id: taxId(`91${310000 + number * 7}MA1FL0${String(number).padStart(2, '0')}`), kind: 'customer',
      industry: pick(TRADES), source: pick(SOURCES), owner: pick(OWNERS), grade: number % 3 ? 'ordinary' : 'potential', credit_terms: { days: 30 },
      contacts: [{ name: pick(['陈晨', '林静', '周杰', '吴芳']), role: '采购经理', phone: `1380013${String(8000 + number)}` }],
      addresses: [{ purpose: 'registered', country: 'CN', city: `${city}市`, street: `人民路${number + 1}号` }], phones: [`021-58${String(100000 + number)}`],
    }])
  }
  // With every third customer a contract was made, of which the CRM told but of some.
  const contract = (who: number) => `HT-2026-${String(who + 1).padStart(3, '0')}`
  const agreed = new Map<number, number>()
  for (let number = 0; number < sizes.orders; number++) {
    const who = Math.min(roll(sizes.customers), roll(sizes.customers))
    const customer = to('crm', `C-${1000 + who}`)
    const ago = 4 + roll(640)
    const id = `SO-${day(ago).slice(0, 4)}-${String(number + 1).padStart(5, '0')}`
    const lines = [...new Set([pick(ITEMS), pick(ITEMS)])].map(([code, , price], at) => {
      const quantity = 20 * (1 + roll(20))
      return { number: at + 1, item: to('erp', code), quantity: String(quantity), unit_price: cents(price), tax_rate: '0.13', amount: cents(price * quantity) }
    })
    const net = lines.reduce((sum, line) => sum + Number(line.amount), 0)
    const totals = { net: cents(net), tax: cents(net, 13), gross: cents(net, 113) }
    const fresh = ago < 14
    if (who % 3 === 0) agreed.set(who, (agreed.get(who) ?? 0) + Number(totals.gross))
    facts[1]!.push(['crm', 'order', id, { number: id, customer, ...(who % 3 ? {} : { contract_number: contract(who) }), order_date: day(ago), requested_date: day(ago - 10), currency: 'CNY', status: fresh ? 'confirmed' : 'shipped', lines, totals }])
    const order = to('crm', id)
    const fate = roll(20)
    if (fresh) continue
    const short = fate === 0 ? 0.5 : 1
    facts[2]!.push(['erp', 'shipment', `DN-${number}`, { number: `DN-${10000 + number}`, customer, orders: [order], status: 'shipped', shipped_on: day(ago - 5), lines: lines.map((line) => ({ number: line.number, order_line: line.number, item: line.item, quantity: String(Number(line.quantity) * short) })) }])
    if (fate === 1) continue
    const over = fate === 2 ? 1.05 : 1
    const billed = { net: cents(net * over), tax: cents(net * over, 13), gross: cents(net * over, 113) }
    facts[3]!.push(['erp', 'invoice', `FP-${number}`, { number: `FP-${20000 + number}`, customer, orders: fate === 3 ? [to('crm', 'SO-0')] : [order], kind: 'special', status: 'issued', issue_date: day(ago - 8), currency: 'CNY', lines: [{ number: 1, quantity: '1', unit_price: billed.net, tax_rate: '0.13', amount: billed.net, tax: billed.tax }], totals: billed }])
    if (fate < 6 || ago < 40) continue
    facts[4]!.push(['erp', 'receipt', `SK-${number}`, { number: `SK-${30000 + number}`, customer, received_on: day(Math.max(1, ago - 25 - roll(30))), currency: 'CNY', amount: totals.gross, status: 'received', allocations: [{ order, amount: totals.gross }] }])
  }
  for (const [who, ordered] of agreed) {
    if (who % 12 === 9) continue
    facts[1]!.push(['crm', 'document', contract(who), {
      number: contract(who), title: pick(['年度框架合同', '经销合同', '集中采购合同']), kind: 'contract', status: 'released', confidentiality: 'confidential', customer: to('crm', `C-${1000 + who}`), author: pick(OWNERS),
      amount: cents(Math.ceil(ordered / 10_000) * 10_000 * (who % 9 === 6 ? 0.9 : 1.3)), currency: 'CNY', valid_from: day(who % 6 ? 700 : 400), valid_until: day(who % 15 === 3 ? 30 : -200),
    }])
  }
  for (let number = 0; number < Math.ceil(sizes.customers * 1.5); number++) {
    const customer = to('crm', `C-${1000 + roll(sizes.customers)}`)
    const stage = roll(STAGES.length)
    facts[1]!.push(['crm', 'opportunity', `OP-${number}`, { number: `OP-${100 + number}`, name: pick(['春季铺货', '酒店备品', '门店换新', '节日礼盒']), customer, stage: STAGES[stage], outcome: stage > 6 ? 'won' : roll(5) ? 'open' : 'lost', currency: 'CNY', amount: cents(10_000 * (1 + roll(40))), owner: pick(OWNERS) }])
    facts[1]!.push(['crm', 'case', `SV-${number}`, { number: `SV-${100 + number}`, customer, kind: pick(['complaint', 'repair', 'question', 'survey']), subject: pick(['刀头异响', '充电座不亮', '开票信息有误', '季度满意度']), status: pick(['open', 'resolved', 'closed']), opened_at: `${day(3 + roll(200))}T02:00:00Z`, satisfaction: 3 + roll(3), owner: pick(OWNERS) }])
  }
  // Some of them sell on: what they count, and what they report of every other day.
  const goods = ITEMS.slice(0, 4)
  for (let number = 0; number < Math.min(DEALERS, sizes.customers); number++) {
    const dealer = to('crm', `C-${1000 + number}`)
    const paces = goods.map(() => 2 + roll(12))
    goods.forEach(([code], at) => {
      const lasts = [0, 4, 9, 20, 45][(number + at) % 5]!
      facts[1]!.push(['drp', 'inventory', `ST-${number}-${code}`, {
        item: to('erp', code), holder: dealer, warehouse: '总仓', unit: '台', quantity: String(paces[at]! * lasts + 3), available: String(paces[at]! * lasts), in_transit: String(number % 3 ? 0 : paces[at]! * 3),
        ...(at === 3 ? { reorder_point: '60' } : {}), counted_at: `${day(number === 4 ? 30 : 1)}T08:00:00Z`,
      }])
    })
    // One has not reported, another skips some days.
    for (let ago = 1; number !== 5 && ago < 29; ago += 2) {
      if (number === 2 && ago > 10 && ago < 18) continue
      facts[1]!.push(['drp', 'sell_out', `RP-${number}-${ago}`, {
        number: `RP-${number}-${day(ago)}`, dealer, from: day(ago + 1), to: day(ago), status: 'final', reported_at: `${day(ago)}T20:00:00Z`,
        lines: goods.map(([code], at) => ({ number: at + 1, item: to('erp', code), quantity: String(paces[at]! + roll(paces[at]! + 1)) })),
      }])
    }
  }
  let count = 0
  // What others name is told before them.
  for (const wave of facts) {
    for (let at = 0; at < wave.length; at += AT_ONCE) await Promise.all(wave.slice(at, at + AT_ONCE).map((fact) => hub.tell(...fact)))
    count += wave.length
  }
  return count
}

/** Tells of parts that the ERP has, then of those of the design office that may be the same. */
export async function tellParts(hub: Hub) {
  const known = [['100-200', '螺丝', 'M3x10', '件'], ['100-300', '刀片', '23mm', '件'], ['100-301', '刀片', '23mm', '件'], ['BL-20', '刀网', '旋转式', '台']] as const
  const told = [['PT-1', '螺丝', 'M3×10', 'pcs'], ['PT-2', '刀片', '23 mm', 'pcs'], ['BL-20', '刀网', '往复式 60mm', '台']] as const
  const part = ([code, name, specification, unit]: readonly [string, string, string, string]) => ({ code, name, specification, unit })
  for (const one of known) await hub.tell('erp', 'item', one[0], part(one))
  for (const [code] of known) await until(async () => (await hub.api(`/api/v1/trace/${code}`)).items?.length)
  // One after the other: they are shown in the order in which they came to wait.
  for (const [place, one] of told.entries()) {
    await hub.tell('pdm', 'item', one[0], part(one))
    await until(async () => (await hub.api('/api/v1/items/reviews')).items?.length === place + 1, () => `the doubtful part ${one[0]}`)
  }
}
