// qmail-queue's exit codes, and what a submitter tells people about each (contract 3). Pure.
#pragma once

#include "base/result.hpp"
#include "base/sys/spawn.hpp"

#include <string_view>

namespace grapnel::queue {

namespace exit_code {
inline constexpr int queued = 0, address_too_long = 11, refused = 31, out_of_memory = 51,
                     timeout = 52, write_error = 53, read_error = 54, configuration = 55,
                     network = 56, home = 61, queue_directory = 62, pid_file = 63, mess_file = 64,
                     intd_file = 65, todo_file = 66, server_refused_later = 71,
                     connect_timeout = 72, connect_refused = 73, connection_broke = 74,
                     internal = 81, custom = 82, custom_other = 88, bad_envelope = 91,
                     exec_failed = 120;
}

// custom_text: what came on the response descriptor; counts where its first byte is D or Z and it
// agrees with the exit code (architecture: "Where new data rides"). Success: a value.
Result<> explain(const Ending& ending, std::string_view custom_text);

}
