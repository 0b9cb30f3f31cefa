# Two stages: the first fetches and installs (CPU builds only), the second holds what runs.
FROM python:3.11.14-slim-bookworm AS build
# A mirror instead of the public package index, if you have one: --build-arg UV_DEFAULT_INDEX=...
ARG UV_DEFAULT_INDEX
ENV UV_TORCH_BACKEND=cpu UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_HTTP_TIMEOUT=180
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9 && python -m venv --without-pip .venv
# `sync` installs the lock and nothing that its packages ask for: tf-keras would bring the full tensorflow.
COPY requirements.lock ./
# Compiled here, as the user below can write no bytecode: each process would compile what it imports.
RUN VIRTUAL_ENV=.venv uv pip sync --require-hashes --compile-bytecode requirements.lock
COPY pyproject.toml README.md LICENSE aislemap.py ./
COPY store store
COPY ingestion ingestion
COPY dashboard dashboard
RUN VIRTUAL_ENV=.venv uv pip install --compile-bytecode --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm
RUN useradd --create-home --uid 10001 aislemap && install --directory --owner aislemap /store /store/log
# Owned by root: the process that serves cannot change the code that it runs.
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /home/aislemap
VOLUME /store
EXPOSE 8050
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8050/healthz', timeout=4)"]
ENTRYPOINT ["aislemap"]
CMD ["dashboard", "--store", "/store", "--host", "0.0.0.0", "--port", "8050"]
