#include "services/gateway/console/replies.h"

#include <httplib.h>

#include <utility>

#include "absl/strings/match.h"
#include "common/status/sql_error.h"
#include "services/gateway/console/embedded_files.h"
#include "services/gateway/console/json_lines.h"

namespace adbms::gateway::console {
namespace {

constexpr char kJson[] = "application/json";

}  // namespace

void ReplyJson(int http_status, std::string json, httplib::Response* response) {
  response->status = http_status;
  response->set_header("Cache-Control", "no-store");
  response->set_content(std::move(json), kJson);
}

void ReplyError(int http_status, const absl::Status& error, httplib::Response* response) {
  ReplyJson(http_status, ErrorLine(status::FromStatus(error)), response);
}

void Refuse(int http_status, std::string_view message, httplib::Response* response) {
  status::SqlError error;
  error.sqlstate = std::string(status::sqlstate::kProtocolViolation);
  error.message = std::string(message);
  response->status = http_status;
  response->set_header("Cache-Control", "no-store");
  response->set_header("Connection", "close");
  const std::string body = ErrorLine(error);
  // A provider that gives up after the last byte makes the library close the connection; what is
  // left of the request would be taken for the next one otherwise.
  response->set_content_provider(body.size(), kJson,
                                 [body](size_t offset, size_t length, httplib::DataSink& sink) {
                                   sink.write(body.data() + offset, length);
                                   return false;
                                 });
}

void ReplyFile(const EmbeddedFile& file, bool lasting, const httplib::Request& request,
               httplib::Response* response) {
  response->set_header("Cache-Control",
                       lasting ? "private, max-age=31536000, immutable" : "no-cache");
  response->set_header("ETag", std::string(file.etag));
  response->set_header("Vary", "Accept-Encoding");
  if (request.get_header_value("If-None-Match") == file.etag) {
    response->status = 304;
    return;
  }
  std::string_view bytes = file.plain;
  if (!file.gzip.empty() &&
      absl::StrContains(request.get_header_value("Accept-Encoding"), "gzip")) {
    response->set_header("Content-Encoding", "gzip");
    bytes = file.gzip;
  }
  response->set_content_provider(bytes.size(), std::string(file.type),
                                 [bytes](size_t offset, size_t length, httplib::DataSink& sink) {
                                   return sink.write(bytes.data() + offset, length);
                                 });
}

}  // namespace adbms::gateway::console
