// Whether a mailbox is still that of whom the sender knows there: RFC 7293, at final delivery, by
// control/ownersince. The message is on descriptor 0.
#pragma once

#include "local/options.hpp"

#include <string_view>

namespace grapnel::local {

// records: as QMAILRECORDS has them; what they ask for counts, else what the header does. Throws
// Stop: 100, it is not; 111, the list cannot be read.
// True: this host looks after such fields, and those it has looked at are not to be seen again.
bool require_owner(const Options& options, std::string_view records, bool header_asks);

// Descriptor 0 becomes a copy without those fields: of the header all, or those of this recipient.
void take_owner_fields_out(const Options& options, bool all);

}
