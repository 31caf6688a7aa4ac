FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The builder is given no .git: what "hearsay version" says is said here, as in
# docker build --build-arg VERSION="$(scripts/version.sh)" .
ARG VERSION=
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags="-s -w -X main.version=${VERSION}" -o /hearsay ./cmd/hearsay

FROM scratch
COPY --from=build /hearsay /hearsay
USER 65532:65532
ENV PATH=/ HEARSAY_HTTP=0.0.0.0:8080
EXPOSE 8080 20000 30000
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/hearsay", "health"]
ENTRYPOINT ["/hearsay"]
CMD ["node"]
