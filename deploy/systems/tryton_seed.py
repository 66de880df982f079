"""Gives an empty Tryton 8.0 a company that can sell, ship and bill: what the tests begin with.

usage: tryton_seed.py CONFIGURATION DATABASE
"""

import datetime
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

CONFIGURATION, DATABASE = sys.argv[1:]
SETTINGS = config.set_trytond(DATABASE, user="admin", config_file=CONFIGURATION)


def make(model, **values):
    record = Model.get(model)(**values)
    record.save()
    return record


def account(kind):
    domain = [(f"type.{kind}", "=", True), ("company", "=", COMPANY.id), ("closed", "!=", True)]
    return Model.get("account.account").find(domain, limit=1)[0]


def reload_context():
    SETTINGS._context = Model.get("res.user").get_preferences(True, {})


def company():
    yuan = make("currency.currency", name="Renminbi", code="CNY", numeric_code="156", symbol="¥",
                rounding=Decimal("0.01"), digits=2)
    yuan.rates.new(date=datetime.date(2020, 1, 1), rate=Decimal(1))
    yuan.save()
    dollar = make("currency.currency", name="US Dollar", code="USD", numeric_code="840", symbol="$",
                  rounding=Decimal("0.01"), digits=2)
    dollar.rates.new(date=datetime.date(2020, 1, 1), rate=Decimal("0.14"))
    dollar.save()
    make("country.country", name="China", code="CN", code3="CHN", code_numeric="156")
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party = make("party.party", name="示范剃须刀制造有限公司", code="OWN")
    wizard.form.currency = yuan
    wizard.execute("add")
    (found,) = Model.get("company.company").find()
    (admin,) = Model.get("res.user").find([("login", "=", "admin")])
    if found not in admin.companies:
        admin.companies.append(Model.get("company.company")(found.id))
    admin.company = found
    admin.save()
    reload_context()
    return found


def chart_of_accounts():
    root = Model.get("ir.model.data").get_id("account.account_template_root_en", SETTINGS.context)
    wizard = Wizard("account.create_chart")
    wizard.execute("account")
    wizard.form.account_template = Model.get("account.account.template")(root)
    wizard.form.company = COMPANY
    wizard.execute("create_account")
    wizard.form.account_receivable = account("receivable")
    wizard.form.account_payable = account("payable")
    wizard.form.category_account_expense = account("expense")
    wizard.form.category_account_revenue = account("revenue")
    wizard.execute("create_properties")


def fiscal_years():
    kind = lambda name: Model.get("ir.sequence.type").find([("name", "=", name)], limit=1)[0]
    year = datetime.date.today().year
    for year in (year - 1, year, year + 1):
        moves = make("ir.sequence.strict", name=f"moves {year}", sequence_type=kind("Account Move"),
                     company=COMPANY)
        invoices = make("ir.sequence.strict", name=f"invoices {year}", sequence_type=kind("Invoice"),
                        company=COMPANY, prefix=f"INV{year}-", padding=5)
        fiscal = Model.get("account.fiscalyear")(
            name=str(year), company=COMPANY, start_date=datetime.date(year, 1, 1),
            end_date=datetime.date(year, 12, 31), move_sequence=moves)
        (sequence,) = fiscal.invoice_sequences
        sequence.out_invoice_sequence = sequence.in_invoice_sequence = invoices
        sequence.out_credit_note_sequence = sequence.in_credit_note_sequence = invoices
        fiscal.save()
        fiscal.click("create_period")


def goods():
    tax = make("account.tax", name="VAT 13%", description="VAT 13%", type="percentage",
               rate=Decimal("0.13"), company=COMPANY, invoice_account=account("payable"),
               credit_note_account=account("payable"))
    category = Model.get("product.category")(
        name="Goods", accounting=True, account_expense=account("expense"),
        account_revenue=account("revenue"))
    category.customer_taxes.append(Model.get("account.tax")(tax.id))
    category.supplier_taxes.append(Model.get("account.tax")(tax.id))
    category.save()
    unit = lambda name: Model.get("product.uom").find([("symbol", "=", name)], limit=1)[0]

    def product(code, name, symbol, price, cost, **flags):
        template = Model.get("product.template")(
            name=name, code=code, default_uom=unit(symbol), type="goods", list_price=Decimal(price),
            account_category=category, **flags)
        template.products[0].cost_price = Decimal(cost)
        template.save()
        return Model.get("product.product").find([("code", "=", code)])[0]

    shaver = product("SH-300", "三刀头剃须刀", "u", "19.90", "11", salable=True, producible=True)
    blade = product("PT-0101", "刀头", "u", "2.50", "1.80", purchasable=True)
    steel = product("PT-0199", "不锈钢带", "kg", "35", "18.50", purchasable=True)
    bill = Model.get("production.bom")(name="BOM-SH-300", code="BOM-SH-300")
    bill.inputs.new(product=blade, quantity=3)
    bill.outputs.new(product=shaver, quantity=1)
    bill.save()
    (storage,) = Model.get("stock.location").find([("code", "=", "STO")])
    count = Model.get("stock.inventory")(location=storage, date=datetime.date.today())
    for item, quantity in ((shaver, 1_000_000), (blade, 50_000), (steel, 500)):
        count.lines.new(product=item, quantity=quantity)
    count.save()
    count.click("confirm")


def parties():
    term = Model.get("account.invoice.payment_term")(name="30 days")
    term.lines.new(type="remainder").relativedeltas.new(days=30)
    term.save()
    for code, name, tax_id in (
        ("CUST-001", "上海测试客户有限公司", "91310115591639060N"),
        ("CUST-002", "宁波电器批发有限公司", None),
    ):
        party = Model.get("party.party")(name=name, code=code, customer_payment_term=term)
        if tax_id:
            party.identifiers.new(type=None, code=tax_id)
        party.save()


COMPANY = company()
chart_of_accounts()
fiscal_years()
goods()
parties()
