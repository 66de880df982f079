-- The views through which documents with lines are read, for PostgreSQL.
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

CREATE VIEW "V_HUB_SHIP" AS
SELECT s.*,
       (SELECT json_agg(json_build_object(
                 'LINE_NO', l."LINE_NO", 'ORD_LINE', l."ORD_LINE", 'ITEM_NO', l."ITEM_NO",
                 'QTY', l."QTY"::text, 'UOM', l."UOM", 'LOT', l."LOT") ORDER BY l."LINE_NO")
          FROM "T_SHIP_LINE" l WHERE l."SHIP_NO" = s."SHIP_NO") AS "LINES"
  FROM "T_SHIP" s;

CREATE VIEW "V_HUB_RECEIPT" AS
SELECT r.*,
       (SELECT json_agg(json_build_object(
                 'ORD_NO', l."ORD_NO", 'INV_NO', l."INV_NO", 'AMT', l."AMT"::text) ORDER BY l."LINE_NO")
          FROM "T_RECEIPT_LINE" l WHERE l."RCPT_NO" = r."RCPT_NO") AS "LINES"
  FROM "T_RECEIPT" r;
