# One image per Node service: docker build --build-arg SERVICE=api .
# SERVICE is a folder of services/; the image holds it, the packages it needs, and their dependencies as the lock file pins them.
FROM node:24-trixie-slim AS pnpm
RUN npm install --global pnpm@12.21.0

# The manifests alone, so that a changed source file installs nothing anew.
FROM pnpm AS manifests
WORKDIR /tree
COPY . .
RUN find . -type f ! -name package.json ! -name 'pnpm-*.yaml' -delete && find . -type d -empty -delete

FROM pnpm AS install
ARG SERVICE
WORKDIR /app
COPY --from=manifests /tree ./
RUN --mount=type=cache,id=pnpm,target=/pnpm \
  pnpm install --prod --frozen-lockfile --store-dir /pnpm --filter "{services/$SERVICE}..."
COPY . /tree
RUN pnpm list --recursive --depth -1 --parseable --filter "{services/$SERVICE}..." \
  | while read -r folder; do cp -r "/tree/${folder#/app/}/src" "$folder/src"; done

FROM node:24-trixie-slim
ARG SERVICE
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/node SERVICE=$SERVICE
WORKDIR /app
COPY --from=install /app ./
COPY --chmod=755 scripts/in_container /usr/local/bin/
# Whoever runs the container may write here, where a volume is mounted or not.
RUN install --directory --mode=1777 /data /data/downloads /work
USER node
ENTRYPOINT ["/bin/sh", "-c", "exec node \"services/$SERVICE/src/main.ts\" \"$@\"", "cinelake"]
