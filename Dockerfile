# The service, with what PostgreSQL needs: docker build -t private-sms .
# With SQLite instead: docker run -v private-sms:/var/lib/private-sms --env-file .env -e HOST=0.0.0.0 private-sms
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/private-sms
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY bot bot
COPY commands commands
COPY storage storage
RUN /opt/private-sms/bin/pip install --no-cache-dir --constraint constraints.txt '.[postgres]' \
    && /opt/private-sms/bin/python -m pip uninstall --yes pip setuptools

FROM python:3.11.14-slim-bookworm
RUN pip uninstall --yes --root-user-action=ignore pip setuptools wheel \
    && useradd --system --uid 10001 --home-dir /var/lib/private-sms --shell /usr/sbin/nologin private-sms \
    && install -d -o private-sms -g private-sms -m 0700 /var/lib/private-sms
COPY --from=build /opt/private-sms /opt/private-sms
ENV PATH=/opt/private-sms/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=3000
USER private-sms
WORKDIR /var/lib/private-sms
VOLUME /var/lib/private-sms
EXPOSE 3000
# It lets what is under way come to its end: give it 45 seconds (docker stop --timeout 45).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "bot"]
