# The shop as an image: locked and hashed packages, no compiler, no root, nothing written outside /data and /tmp.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /shop
RUN python -m venv /venv
COPY requirements.lock requirements-dev.lock requirements-model.lock ./
# setuptools is wanted for the one moment in which the project itself is installed; its hash is in the other lock.
RUN awk '/^[a-z]/ { wanted = /^setuptools==/ } wanted' requirements-dev.lock > /tmp/build.lock \
    && /venv/bin/pip install --require-hashes --no-deps -r requirements.lock -r requirements-model.lock -r /tmp/build.lock
COPY . .
RUN /venv/bin/pip install --no-deps --no-index --no-build-isolation --editable . \
    && /venv/bin/pip uninstall --yes setuptools pip \
    && /venv/bin/python -m compileall -q auth shop agent frontend migrations

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 countersign \
    && useradd --uid 10001 --gid countersign --no-create-home --home-dir /data --shell /usr/sbin/nologin countersign \
    && install -d -m 0700 -o countersign -g countersign /data
COPY --from=build /venv /venv
COPY --from=build /shop /shop
WORKDIR /shop
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 COUNTERSIGN_DATA_FOLDER=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", ".ci/healthy.py"]
CMD ["countersign", "serve", "--host", "0.0.0.0", "--port", "8000"]
