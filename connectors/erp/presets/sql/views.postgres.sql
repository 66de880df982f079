-- The two views that the presets `order` and `invoice` read, for PostgreSQL.
-- Amounts are written as text, so that no JSON reader on the way rounds them.
CREATE VIEW "V_HUB_ORD" AS
SELECT o.*,
       (SELECT json_agg(json_build_object(
                 'LINE_NO', l."LINE_NO", 'ITEM_NO', l."ITEM_NO", 'ITEM_DESC', l."ITEM_DESC",
                 'QTY', l."QTY"::text, 'UOM', l."UOM", 'PRICE', l."PRICE"::text,
                 'TAX_RATE', l."TAX_RATE"::text, 'AMT', l."AMT"::text) ORDER BY l."LINE_NO")
          FROM "T_ORD_LINE" l WHERE l."ORD_NO" = o."ORD_NO") AS "LINES"
  FROM "T_ORD" o;

CREATE VIEW "V_HUB_INV_REQ" AS
SELECT r.*,
       (SELECT json_agg(json_build_object(
                 'LINE_NO', l."LINE_NO", 'ITEM_NO', l."ITEM_NO", 'ITEM_DESC', l."ITEM_DESC",
                 'QTY', l."QTY"::text, 'UOM', l."UOM", 'PRICE', l."PRICE"::text,
                 'TAX_RATE', l."TAX_RATE"::text, 'AMT', l."AMT"::text, 'TAX', l."TAX"::text)
                 ORDER BY l."LINE_NO")
          FROM "T_INV_REQ_LINE" l WHERE l."REQ_NO" = r."REQ_NO") AS "LINES"
  FROM "T_INV_REQ" r;
