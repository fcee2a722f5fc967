# ripstop_embed_texts(OUTPUT FILE...) writes an initializer list of {"file name", "text"} pairs, one for each file, to
# include inside braces. Written at configure time, anew when a file changes.
function(ripstop_embed_texts output)
  set(list "")
  foreach(file ${ARGN})
    file(READ ${file} text)
    get_filename_component(name ${file} NAME)
    string(APPEND list "{\"${name}\", R\"text(${text})text\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  file(CONFIGURE OUTPUT ${output} CONTENT "${list}" @ONLY)
endfunction()
