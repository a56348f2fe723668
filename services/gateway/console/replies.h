// Answers of the console's routes.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace adbms::gateway::console {

void ReplyJson(int http_status, std::string json, httplib::Response* response);
// {"error":…}
void ReplyError(int http_status, const absl::Status& error, httplib::Response* response);
// An answer to a request whose body nobody reads: the connection ends with it.
void Refuse(int http_status, std::string_view message, httplib::Response* response);
// A file of the pages. `lasting`: its name changes with its content.
struct EmbeddedFile;
void ReplyFile(const EmbeddedFile& file, bool lasting, const httplib::Request& request,
               httplib::Response* response);

}  // namespace adbms::gateway::console
