"""The analytic queries of the benchmark, over the order-processing data set."""

INDEXES = [
    "CREATE INDEX ON orders (customer_id)",
    "CREATE INDEX ON orders (placed_at)",
    "CREATE INDEX ON order_items (product_id)",
    "CREATE INDEX ON shipments (order_id)",
]

QUERIES = [
    ("q1 sums over all items by discount", """
        SELECT discount, count(*), sum(quantity), sum(unit_price * quantity), avg(unit_price)
        FROM order_items GROUP BY discount ORDER BY discount"""),
    ("q2 revenue by segment, 3 tables", """
        SELECT c.segment, count(DISTINCT o.order_id), sum(i.quantity * i.unit_price)
        FROM customers c
        JOIN orders o ON o.customer_id = c.customer_id
        JOIN order_items i ON i.order_id = o.order_id
        WHERE o.placed_at >= '2023-01-01' AND o.placed_at < '2023-07-01'
        GROUP BY c.segment ORDER BY c.segment"""),
    ("q3 returned goods by country and category, 4 tables", """
        SELECT s.country, p.category, count(*), sum(i.quantity)
        FROM suppliers s
        JOIN products p ON p.supplier_id = s.supplier_id
        JOIN order_items i ON i.product_id = p.product_id
        JOIN orders o ON o.order_id = i.order_id
        WHERE o.status = 'returned'
        GROUP BY s.country, p.category ORDER BY s.country, p.category"""),
    ("q4 customers that spend more than their city's average", """
        SELECT city, count(*) FROM (
          SELECT c.customer_id, c.city, sum(o.total) AS spent
          FROM customers c JOIN orders o ON o.customer_id = c.customer_id
          GROUP BY c.customer_id, c.city) AS of_customer
        WHERE spent > 2 * (SELECT avg(total) FROM orders)
        GROUP BY city ORDER BY count(*) DESC, city LIMIT 20"""),
    ("q5 late shipments by carrier and month", """
        SELECT h.carrier, extract(month FROM h.ship_on) AS month, count(*),
               sum(CASE WHEN h.ship_on > CAST(o.placed_at AS date) + 3 THEN 1 ELSE 0 END) AS late
        FROM shipments h JOIN orders o ON o.order_id = h.order_id
        WHERE EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.order_id
                      AND i.quantity >= 8)
        GROUP BY h.carrier, extract(month FROM h.ship_on) ORDER BY h.carrier, month"""),
]
