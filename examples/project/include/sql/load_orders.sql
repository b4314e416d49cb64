-- loaded with the role of {{ conn.warehouse_loader.login }}
copy orders from 's3://{{ var.value.orders_bucket }}/orders/{{ ds }}.csv';
