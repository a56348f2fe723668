// Which service of a cluster calls which method, where certificates tell which service a caller is
// (access.h): the one table of it, beside the contracts' `access`, which says which kinds of
// callers there are. What a session in storage may do besides is in
// services/storage/api/service_rights.h.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace adbms::rpc {

// The services that call the method; none: no service does.
std::vector<std::string> CallersOf(const google::protobuf::MethodDescriptor& method);

// Whether a process whose certificate has these URIs may call the method.
bool OpensToService(const google::protobuf::MethodDescriptor& method,
                    const std::vector<std::string>& uris);

// The services that a certificate with these URIs stands for: "storage".
std::vector<std::string> ServicesOf(const std::vector<std::string>& uris);

}  // namespace adbms::rpc
