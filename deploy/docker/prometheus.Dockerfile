# Prometheus from Debian, reading the cluster's secret to scrape.
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 adbms \
 && install -d -o adbms -g adbms /var/lib/prometheus-adbms

COPY deploy/prometheus/prometheus.yml /etc/prometheus/adbms.yml
USER adbms
EXPOSE 9090
ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/adbms.yml", \
            "--storage.tsdb.path=/var/lib/prometheus-adbms", "--web.listen-address=0.0.0.0:9090"]
