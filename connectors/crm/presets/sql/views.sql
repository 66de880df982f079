-- The view that the order inlet reads, to be created once in the CRM's database (PostgreSQL).
-- Decimals are written as text, so that no JSON reader on the way rounds them.
CREATE VIEW hub_order AS
SELECT o.order_no, o.account_id, o.agent_id, o.contract_no, o.order_date, o.delivery_date,
       o.currency, o.net_amount, o.tax_amount, o.total_amount, o.status, o.owner_name, o.remark,
       o.modified_at,
       (SELECT json_agg(json_build_object(
                 'line_no', l.line_no, 'product_code', l.product_code, 'product_name', l.product_name,
                 'quantity', l.quantity::text, 'unit', l.unit, 'unit_price', l.unit_price::text,
                 'tax_rate', l.tax_rate::text, 'amount', l.amount::text) ORDER BY l.line_no)
          FROM crm_order_line l WHERE l.order_no = o.order_no) AS lines
  FROM crm_order o;
