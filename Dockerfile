# The lab with everything that `npm run setup` builds: Debian 12 with its toolchain, machine image and packages. Start it privileged, as the
# lab makes network namespaces; docs/lab.md has the commands.
ARG BASE=docker.io/library/golang:1.26-bookworm
FROM ${BASE}
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates git nodejs npm procps \
  && rm -rf /var/lib/apt/lists/*
ENV ORRERY_CACHE=/var/cache/orrery
WORKDIR /workspaces/orrery
COPY . .
# Modules and Go's build cache are only for the build.
RUN npm run setup \
  && go clean -modcache -cache \
  && rm -rf /root/.npm
EXPOSE 15000-15099
CMD ["npm", "start"]
