# The studio in a container: docs/docker.md says how to use it, and which parts have been tested.
#   docker build --target cpu -t mayabook:cpu .      the narrator, on the CPU
#   docker build --target cuda -t mayabook:cuda .    Maya1 with transformers as well, on an NVIDIA GPU

FROM python:3.12-slim AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Models, saved voices and the key of the sessions, and what is fetched from the hub.
ENV XDG_DATA_HOME=/data XDG_CACHE_HOME=/data/cache HF_HOME=/data/hub
RUN useradd --uid 1000 --create-home reader \
    && install --directory --owner=reader /books /data
WORKDIR /opt/mayabook
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src src
EXPOSE 8384
VOLUME ["/books", "/data"]
HEALTHCHECK --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8384/login', timeout=5)"]
# A published port may be reachable from other machines, so the server requires the password in MAYABOOK_PASSWORD.
ENTRYPOINT ["mayabook", "serve", "/books", "--host", "0.0.0.0"]

FROM base AS cpu
RUN pip install --constraint constraints.txt '.[web]'
USER 1000

# torch's wheels bring CUDA; the host needs NVIDIA's driver and its container toolkit.
FROM base AS cuda
RUN pip install --constraint constraints.txt '.[web,transformers]'
USER 1000
