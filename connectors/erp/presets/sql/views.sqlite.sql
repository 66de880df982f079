-- The two views that the presets `order` and `invoice` read, for SQLite.
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
