# What `build:edge --embed` wrote, as an image; see README.md.
ARG DENO=2.9.6
FROM denoland/deno:${DENO}
COPY dist/edge.js /edge.js
USER 1993:1993
EXPOSE 8000
ENTRYPOINT ["/tini", "--", "deno", "serve", "--no-prompt", "--host", "0.0.0.0", "--port", "8000", "/edge.js"]
