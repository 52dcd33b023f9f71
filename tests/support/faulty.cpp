#include "support/faulty.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "support/process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <new>
#include <stdexcept>

namespace grapnel::test {

Faulty::Faulty()
{
    const Fd file = open_file(directory_ / "table", O_RDWR | O_CREAT, 0666);
    if (::ftruncate(file.get(), sizeof(FaultTable)) != 0) throw_errno("unable to make a table");
    void* memory =
        ::mmap(nullptr, sizeof(FaultTable), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) throw_errno("unable to map a table");
    table_ = new (memory) FaultTable{};
}

Faulty::~Faulty() { ::munmap(table_, sizeof(FaultTable)); }

std::vector<std::string> Faulty::environment() const
{
    return {"LD_PRELOAD=" FAULTY_CALLS, "FAULT_TABLE=" + directory_ / "table",
            "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0"};
}

void Faulty::add(std::string_view program, const std::vector<std::string>& calls,
                 const FaultRule& rule)
{
    for (const auto& call : calls) {
        const std::size_t place = table_->count;
        if (place == FaultTable::most) throw std::length_error("too many faults");
        auto& added = table_->rules[place] = rule;
        program.copy(added.program.data(), added.program.size() - 1);
        call.copy(added.call.data(), added.call.size() - 1);
        table_->count = place + 1;   // now it counts
    }
}

void Faulty::fail(std::string_view program, const std::vector<std::string>& calls, int error,
                  const std::string& file)
{
    FaultRule rule{};
    rule.error = error;
    if (!file.empty()) rule.inode = status_if_there(file).value().st_ino;
    add(program, calls, rule);
}

void Faulty::delay(std::string_view program, const std::vector<std::string>& calls,
                   std::chrono::milliseconds how_long)
{
    FaultRule rule{};
    rule.delay = static_cast<unsigned>(how_long.count());
    add(program, calls, rule);
}

void Faulty::heal() { table_->count = 0; }

void Faulty::set_steady_clock(std::chrono::seconds ahead, std::string_view program)
{
    table_->steady_in = {};
    program.copy(table_->steady_in.data(), table_->steady_in.size() - 1);
    table_->steady = ahead.count();
}

pid_t process_of(const TempHome& home, std::string_view name)
{
    pid_t found = 0;
    wait_until([&] {
        for (const auto& process : processes_with("QMAILHOME=" + home.path()))
            if (process.name == name) found = process.pid;
        return found != 0;
    });
    if (found == 0) throw std::runtime_error("no " + std::string(name) + " is running");
    return found;
}

std::size_t descriptors_of(pid_t pid)
{
    std::error_code forbidden;
    const std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd",
                                                      forbidden);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}
