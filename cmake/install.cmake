# cmake --install BUILD: programs, man pages and documentation under GRAPNEL_HOME (DESTDIR is obeyed), then
# scripts/layout, the one place that knows every directory, owner and mode. Users are created where
# GRAPNEL_CREATE_USERS is on. As an ordinary user everything is laid out but owned by that user.
option(GRAPNEL_CREATE_USERS "cmake --install creates the users and groups that are missing" OFF)

get_property(programs GLOBAL PROPERTY GRAPNEL_PROGRAMS)
install(TARGETS ${programs} RUNTIME DESTINATION ${GRAPNEL_HOME}/bin)
foreach(alias IN ITEMS mailq newaliases)
    if(TARGET sendmail)
        install(CODE "file(CREATE_LINK sendmail \"\$ENV{DESTDIR}${GRAPNEL_HOME}/bin/${alias}\" SYMBOLIC)")
    endif()
endforeach()

foreach(section 1 5 7 8)
    file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.${section})
    if(pages)
        install(FILES ${pages} DESTINATION ${GRAPNEL_HOME}/man/man${section})
    endif()
endforeach()
file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES ${documents} ${CMAKE_SOURCE_DIR}/hooks/examples/scanner.py ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${CMAKE_SOURCE_DIR}/LICENSE
    DESTINATION ${GRAPNEL_HOME}/doc)

set(layout_options --split ${GRAPNEL_SPLIT} "--users \"${GRAPNEL_USERS}\"" "--groups \"${GRAPNEL_GROUPS}\"")
if(GRAPNEL_CREATE_USERS)
    list(APPEND layout_options --create-users)
endif()
list(JOIN layout_options " " layout_options)
install(CODE "
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/layout ${GRAPNEL_HOME} --root \"\$ENV{DESTDIR}\" ${layout_options}
        COMMAND_ERROR_IS_FATAL ANY)")
