from common.errors import Invalid


class FileEmpty(Invalid):
    code, message, pointer = "file_empty", "This file is empty.", "/file"


class FileTooLarge(Invalid):
    code, message, pointer = "file_too_large", "This file is larger than 10 MB.", "/file"


class FileTypeUnknown(Invalid):
    code, message, pointer = "file_type_unknown", "Send a JPEG, PNG or WebP image, or a PDF.", "/file"


class FileUnreadable(Invalid):
    code, message, pointer = "file_unreadable", "This file is broken, or its picture is too large.", "/file"


class FileUnsafe(Invalid):
    code, message, pointer = "file_unsafe", "This file holds more than a picture or pages.", "/file"
