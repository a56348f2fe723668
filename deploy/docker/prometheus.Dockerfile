# Prometheus and Alertmanager from Debian. Prometheus reads the cluster's secret to scrape: the same user as the services.
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends prometheus prometheus-alertmanager \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 adbms \
 && install -d -o adbms -g adbms /var/lib/monitoring

COPY deploy/prometheus/prometheus.yml /etc/prometheus/adbms/
COPY deploy/prometheus/rules /etc/prometheus/adbms/rules
COPY deploy/alertmanager/alertmanager.yml /etc/alertmanager/adbms.yml
USER adbms
VOLUME ["/var/lib/monitoring"]
EXPOSE 9090 9093
ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/adbms/prometheus.yml", \
            "--storage.tsdb.path=/var/lib/monitoring", "--web.listen-address=0.0.0.0:9090"]
