# whatsapp-guard as a static binary in an empty image: no shell, no packages, not root.
#
#   docker build -t whatsapp-guard .
#   docker run --rm --read-only -p 127.0.0.1:8788:8788 -v guard:/var/lib/whatsapp-guard \
#     -v ./team.toml:/etc/whatsapp-guard/policy.toml:ro whatsapp-guard
#
# See compose.yaml for the setup of a team. `--status ADDRESS` serves /healthz and /readyz for orchestrators.

FROM rust:1.95.0-alpine3.22 AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist --bin whatsapp-guard \
 && mkdir /state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/dist/whatsapp-guard /usr/local/bin/whatsapp-guard
COPY --from=build --chown=65532:65532 /state /var/lib/whatsapp-guard
USER 65532:65532
ENV WHATSAPP_GUARD_STATE=/var/lib/whatsapp-guard \
    WHATSAPP_GUARD_POLICY=/etc/whatsapp-guard/policy.toml
VOLUME /var/lib/whatsapp-guard
EXPOSE 8788
ENTRYPOINT ["/usr/local/bin/whatsapp-guard"]
CMD ["serve", "--http", "0.0.0.0:8788", "--behind-proxy"]
