// A sandbox home under a directory of its own, complete with a queue and the built programs, gone
// with the object. It knows no program: Instance starts them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

// A fresh directory with a short name (sockets live in it), removed with all that is in it.
class TempDirectory {
public:
    TempDirectory();
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    ~TempDirectory();
    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }

private:
    std::string path_;
};

class TempHome {
public:
    static constexpr unsigned default_split = 3;

    // me is "here.example"; queue with `split` subdirectories, trigger, tcpto, sendmutex; bin/
    // holds links to every built program (of $GRAPNEL_TEST_BIN where that is set); alias/, users/,
    // run/, control/.
    explicit TempHome(unsigned split = default_split);

    const std::string& path() const { return directory_.path(); }
    std::string operator/(std::string_view name) const { return directory_ / name; }
    std::string program(std::string_view name) const
    {
        return directory_ / ("bin/" + std::string(name));
    }
    static bool
    built(std::string_view program);   // for tests of a pipeline some part of which may be left out

    void control(std::string_view name,
                 std::string_view text) const;   // writes control/NAME; adds the last LF
    void no_control(std::string_view name) const;
    // Lays out an empty queue in queue/ (again, after a mount over it).
    void make_queue(unsigned split = default_split) const;

    // Adds NAME and NAME-anything to users/assign and users/cdb, with an empty Maildir. Returns his
    // home directory.
    std::string user(const std::string& name);

    // Paths relative to the home; parents must be there. read: "" when absent.
    void write(std::string_view name, std::string_view bytes, unsigned mode = 0644) const;
    std::string read(std::string_view name) const;

    // "QMAILHOME=…", "PATH=HOME/bin:…", sanitizer options: what a program gets, plus `more`.
    std::vector<std::string> environment(const std::vector<std::string>& more = {}) const;

    // "mess/1/4711", "todo/4711" …: every file of messages in the queue, sorted. Empty: all is
    // done.
    std::vector<std::string> queue_files() const;

private:
    void link_programs() const;
    TempDirectory directory_;
    std::vector<std::string> users_;
};

// The whole file, or "" where there is none.
std::string slurp(const std::string& path);
void spill(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}
