# What a site chooses when it builds (the original's files conf-*) is where programs read it; nonsense is refused.
# cmake -DROOT=… -DSCRATCH=… -DCOMPILER=… -DGENERATOR=… -P build_choices.cmake

# configured(RESULT CHOICE…): the header that a tree with these choices gets, or what CMake says against them.
function(configured result)
    file(REMOVE_RECURSE ${SCRATCH})
    execute_process(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${ROOT} -B ${SCRATCH} -DGRAPNEL_TESTS=OFF -DCMAKE_CXX_COMPILER=${COMPILER} ${ARGN}
        RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE said)
    if(NOT failed)
        file(READ ${SCRATCH}/generated/build_config.hpp said)
    endif()
    file(REMOVE_RECURSE ${SCRATCH})
    set(${result} "${said}" PARENT_SCOPE)
endfunction()

function(expect said wanted)
    string(FIND "${said}" "${wanted}" at)
    if(at EQUAL -1)
        message(SEND_ERROR "not there: ${wanted}\nin: ${said}")
    endif()
endfunction()

configured(header)
expect("${header}" "separator = '-'")
expect("${header}" "paternalism = 0002")
expect("${header}" "{\"alias\", \"qmaild\", \"qmaill\", \"root\", \"qmailp\", \"qmailq\", \"qmailr\", \"qmails\"}")
expect("${header}" "queue_group[] = \"qmail\", others_group[] = \"nofiles\"")

configured(header -DGRAPNEL_BREAK=+ -DGRAPNEL_PATRN=022 "-DGRAPNEL_USERS=a d l o p q r s" "-DGRAPNEL_GROUPS=mail rest")
expect("${header}" "separator = '+'")
expect("${header}" "paternalism = 0022")
expect("${header}" "{\"a\", \"d\", \"l\", \"o\", \"p\", \"q\", \"r\", \"s\"}")
expect("${header}" "queue_group[] = \"mail\", others_group[] = \"rest\"")

configured(said "-DGRAPNEL_USERS=alias qmaild")
expect("${said}" "GRAPNEL_USERS must be 8 names")
configured(said "-DGRAPNEL_GROUPS=qmail")
expect("${said}" "GRAPNEL_GROUPS must be 2 names")
configured(said -DGRAPNEL_BREAK=--)
expect("${said}" "GRAPNEL_BREAK must be one of")
configured(said -DGRAPNEL_PATRN=9)
expect("${said}" "GRAPNEL_PATRN must be an octal number")
