// The C++ client of ADBMS over gRPC:
//
//   adbms::Client client({.address = "127.0.0.1:7433", .user = "adbms", .password = "secret"});
//   adbms::Session session = client.Connect();
//   for (const adbms::Row& row : session.Execute("SELECT id, city FROM parcels WHERE id < $1",
//   {9}))
//     std::cout << row.Get<int>("id") << " " << row.Get<std::string>("city") << "\n";
#pragma once

#include "adbms/client.h"   // IWYU pragma: export
#include "adbms/error.h"    // IWYU pragma: export
#include "adbms/result.h"   // IWYU pragma: export
#include "adbms/session.h"  // IWYU pragma: export
#include "adbms/value.h"    // IWYU pragma: export
