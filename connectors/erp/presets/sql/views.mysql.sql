-- The views through which documents with lines are read, for MySQL and MariaDB.
-- Amounts are written as text, so that no JSON reader on the way rounds them.
CREATE VIEW V_HUB_ORD AS
SELECT o.*,
       (SELECT CONCAT('[', GROUP_CONCAT(JSON_OBJECT(
                 'LINE_NO', l.LINE_NO, 'ITEM_NO', l.ITEM_NO, 'ITEM_DESC', l.ITEM_DESC,
                 'QTY', CAST(l.QTY AS CHAR), 'UOM', l.UOM, 'PRICE', CAST(l.PRICE AS CHAR),
                 'TAX_RATE', CAST(l.TAX_RATE AS CHAR), 'AMT', CAST(l.AMT AS CHAR))
                 ORDER BY l.LINE_NO SEPARATOR ','), ']')
          FROM T_ORD_LINE l WHERE l.ORD_NO = o.ORD_NO) AS `LINES`
  FROM T_ORD o;

CREATE VIEW V_HUB_INV_REQ AS
SELECT r.*,
       (SELECT CONCAT('[', GROUP_CONCAT(JSON_OBJECT(
                 'LINE_NO', l.LINE_NO, 'ITEM_NO', l.ITEM_NO, 'ITEM_DESC', l.ITEM_DESC,
                 'QTY', CAST(l.QTY AS CHAR), 'UOM', l.UOM, 'PRICE', CAST(l.PRICE AS CHAR),
                 'TAX_RATE', CAST(l.TAX_RATE AS CHAR), 'AMT', CAST(l.AMT AS CHAR),
                 'TAX', CAST(l.TAX AS CHAR)) ORDER BY l.LINE_NO SEPARATOR ','), ']')
          FROM T_INV_REQ_LINE l WHERE l.REQ_NO = r.REQ_NO) AS `LINES`
  FROM T_INV_REQ r;

CREATE VIEW V_HUB_SHIP AS
SELECT s.*,
       (SELECT CONCAT('[', GROUP_CONCAT(JSON_OBJECT(
                 'LINE_NO', l.LINE_NO, 'ORD_LINE', l.ORD_LINE, 'ITEM_NO', l.ITEM_NO,
                 'QTY', CAST(l.QTY AS CHAR), 'UOM', l.UOM, 'LOT', l.LOT)
                 ORDER BY l.LINE_NO SEPARATOR ','), ']')
          FROM T_SHIP_LINE l WHERE l.SHIP_NO = s.SHIP_NO) AS `LINES`
  FROM T_SHIP s;

CREATE VIEW V_HUB_RECEIPT AS
SELECT r.*,
       (SELECT CONCAT('[', GROUP_CONCAT(JSON_OBJECT(
                 'ORD_NO', l.ORD_NO, 'INV_NO', l.INV_NO, 'AMT', CAST(l.AMT AS CHAR))
                 ORDER BY l.LINE_NO SEPARATOR ','), ']')
          FROM T_RECEIPT_LINE l WHERE l.RCPT_NO = r.RCPT_NO) AS `LINES`
  FROM T_RECEIPT r;
-- GROUP_CONCAT cuts at group_concat_max_len (1 KiB in older servers): set it to 16 MiB for the hub's user.
