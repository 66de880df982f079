-- The views through which documents with lines are read, for SQLite.
-- Amounts are columns of type TEXT, so they pass through JSON as they are written.
CREATE VIEW V_HUB_ORD AS
SELECT o.*,
       (SELECT json_group_array(json_object(
                 'LINE_NO', l.LINE_NO, 'ITEM_NO', l.ITEM_NO, 'ITEM_DESC', l.ITEM_DESC, 'QTY', l.QTY,
                 'UOM', l.UOM, 'PRICE', l.PRICE, 'TAX_RATE', l.TAX_RATE, 'AMT', l.AMT))
          FROM (SELECT * FROM T_ORD_LINE WHERE ORD_NO = o.ORD_NO ORDER BY LINE_NO) l) AS LINES
  FROM T_ORD o;

CREATE VIEW V_HUB_INV_REQ AS
SELECT r.*,
       (SELECT json_group_array(json_object(
                 'LINE_NO', l.LINE_NO, 'ITEM_NO', l.ITEM_NO, 'ITEM_DESC', l.ITEM_DESC, 'QTY', l.QTY,
                 'UOM', l.UOM, 'PRICE', l.PRICE, 'TAX_RATE', l.TAX_RATE, 'AMT', l.AMT, 'TAX', l.TAX))
          FROM (SELECT * FROM T_INV_REQ_LINE WHERE REQ_NO = r.REQ_NO ORDER BY LINE_NO) l) AS LINES
  FROM T_INV_REQ r;

CREATE VIEW V_HUB_SHIP AS
SELECT s.*,
       (SELECT json_group_array(json_object(
                 'LINE_NO', l.LINE_NO, 'ORD_LINE', l.ORD_LINE, 'ITEM_NO', l.ITEM_NO, 'QTY', l.QTY,
                 'UOM', l.UOM, 'LOT', l.LOT))
          FROM (SELECT * FROM T_SHIP_LINE WHERE SHIP_NO = s.SHIP_NO ORDER BY LINE_NO) l) AS LINES
  FROM T_SHIP s;

CREATE VIEW V_HUB_RECEIPT AS
SELECT r.*,
       (SELECT json_group_array(json_object('ORD_NO', l.ORD_NO, 'INV_NO', l.INV_NO, 'AMT', l.AMT))
          FROM (SELECT * FROM T_RECEIPT_LINE WHERE RCPT_NO = r.RCPT_NO ORDER BY LINE_NO) l) AS LINES
  FROM T_RECEIPT r;
