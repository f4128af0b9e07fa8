# One image for everything that runs: `serve` (the API), `work` (a worker) and `migrate`.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock /build/
RUN python -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --require-hashes -r /build/requirements.lock

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv --shell /usr/sbin/nologin app \
 && install -d -o app -g app -m 700 /var/lib/till-to-audience
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv
COPY migrations/ migrations/
COPY app/ app/
RUN /opt/venv/bin/python -m compileall -q app migrations
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    SANDBOX=0 \
    VAR_DIR=/var/lib/till-to-audience
# By number, so that a cluster that forbids root can see that it is none.
USER 10001
# The keys that are made once live here; without them sealed secrets cannot be opened. Keep a copy, or set SEAL_KEYS,
# HASH_SECRET and ADMIN_API_KEY.
VOLUME /var/lib/till-to-audience
EXPOSE 8000
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
