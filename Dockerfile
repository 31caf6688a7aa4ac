FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /hearsay ./cmd/hearsay

FROM scratch
COPY --from=build /hearsay /hearsay
USER 65532:65532
EXPOSE 20000 30000
ENTRYPOINT ["/hearsay"]
CMD ["node"]
