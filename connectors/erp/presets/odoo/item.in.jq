# A product of Odoo → canonical item. Its unit is a pair of id and name.
{ code: .default_code, name: .name, unit: (.uom_id | if type == "array" then .[1] else null end) } | compact
