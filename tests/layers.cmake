# Fails when a folder includes what it must not know. Run: cmake -DROOT=. -P tests/layers.cmake
# Each rule: folder pattern | pattern of forbidden #include lines.
get_filename_component(ROOT ${ROOT} ABSOLUTE)
set(rules
    "base/mail/|\"base/(sys|net)/|<(sys/|unistd|fcntl|boost/asio|openssl)"
    "base/sys/|\"base/(mail|net)/|<(boost/asio|openssl)"
    "base/net/|\"base/mail/"
    "base/|\"(queue|hooks|smtpd|send|remote|local|inject)/"
    "queue/|\"(hooks|smtpd|send|remote|local|inject)/|<(openssl|curl)"
    "hooks/|\"(queue|smtpd|send|remote|local|inject)/"
    "hooks/wire/|\"hooks/(values|codec|message|request|filter|scanner|http|registration|calls|edits|chain|server)/"
    "hooks/values/|\"hooks/(codec|message|request|filter|scanner|http|registration|calls|edits|chain|server|wire)/"
    "hooks/codec/|\"hooks/(message|request|filter|scanner|http|registration|calls|edits|chain|server|wire)/"
    "hooks/message/|\"hooks/(request|filter|scanner|http|registration|calls|edits|chain|server|wire)/"
    "hooks/request/|\"hooks/(filter|scanner|http|registration|calls|edits|chain|server|wire)/"
    "hooks/filter/|\"hooks/(scanner|http|registration|calls|edits|chain|server|wire)/"
    "hooks/scanner/|\"hooks/(http|registration|calls|edits|chain|server|wire)/"
    "hooks/http/|\"hooks/(registration|calls|edits|chain|server|wire)/"
    "hooks/registration/|\"hooks/(calls|edits|chain|server|wire)/"
    "hooks/calls/|\"hooks/(edits|chain|server|wire)/"
    "hooks/edits/|\"hooks/(http|registration|calls|chain|server|wire)/"
    "hooks/chain/|\"hooks/(http|registration|calls|server|wire)/"
    "smtpd/|\"(send|remote|local|inject)/|\"queue/(spool|incoming|records|trigger)|\"hooks/[a-z]*/"
    "send/|\"(smtpd|remote|local|inject)/|\"hooks/(wire|values|codec|message|request|filter|http|registration|calls|edits|chain|server)/|\"hooks/scanner/(credentials|scanner)"
    "remote/|\"(smtpd|send|local|inject|hooks)/|\"queue/(spool|incoming|records|trigger)"
    "local/|\"(smtpd|send|remote|inject|hooks)/|\"base/net/|\"queue/(spool|incoming|records|trigger|async)"
    "inject/|\"hooks/[a-z]*/|\"(smtpd|send|remote|local)/|\"base/net/|\"queue/(spool|incoming|records|trigger|async)"
    "queue/(spool|incoming|records|delivery|trigger|exit_code|submission|spawner)|\"base/net/|<boost/asio"
)
set(doors
    "<openssl/|base/net/"
    "<unbound|base/net/"
    "<curl/|base/net/"
    "<cdb\\.h|base/sys/cdb"
    "<idn2|base/mail/idna"
    "<simdjson|hooks/"
    "<boost/json|hooks/"
    "<cbor|hooks/"
    "<stringprep|smtpd/sasl/"
    "<boost/asio/[^a]|base/net/"
    "<boost/asio\\.hpp|base/net/"
)
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/base/*.[ch]pp ${ROOT}/queue/*.[ch]pp ${ROOT}/hooks/*.[ch]pp
    ${ROOT}/smtpd/*.[ch]pp ${ROOT}/send/*.[ch]pp ${ROOT}/remote/*.[ch]pp ${ROOT}/local/*.[ch]pp ${ROOT}/inject/*.[ch]pp)
set(broken 0)
foreach(file ${files})
    file(STRINGS ${ROOT}/${file} includes REGEX "^[ \t]*#[ \t]*include")
    foreach(include ${includes})
        foreach(rule ${rules})
            # The folder pattern may itself hold alternatives in parentheses; the first bar outside them splits.
            string(REGEX REPLACE "^([^|(]*(\\([^)]*\\))?)\\|(.*)$" "\\1" folder "${rule}")
            string(REGEX REPLACE "^([^|(]*(\\([^)]*\\))?)\\|(.*)$" "\\3" forbidden "${rule}")
            if(file MATCHES "^${folder}" AND include MATCHES "include[ \t]*(${forbidden})")
                message(SEND_ERROR "${file}: must not ${include}")
                math(EXPR broken "${broken} + 1")
            endif()
        endforeach()
        foreach(door ${doors})
            string(REGEX REPLACE "\\|.*" "" library "${door}")
            string(REGEX REPLACE ".*\\|" "" room "${door}")
            if(include MATCHES "include[ \t]*${library}" AND NOT file MATCHES "^${room}")
                message(SEND_ERROR "${file}: ${include} belongs behind ${room}")
                math(EXPR broken "${broken} + 1")
            endif()
        endforeach()
    endforeach()
endforeach()
list(LENGTH files count)
if(count LESS 20)
    message(FATAL_ERROR "layers: only ${count} files found under ${ROOT}")
endif()
message(STATUS "layers: ${count} files looked at, ${broken} forbidden includes")
