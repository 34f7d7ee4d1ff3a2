<?php
// Let Moodle's own import code read a quiz: php moodle_reader.php MOODLE FILE
//
// MOODLE is a folder with question/format.php, question/format/{xml,gift}/format.php and
// lib/xmlize.php as Moodle has them. What they ask of the rest of Moodle stands below,
// as little as they need. The questions that come out are written as JSON; each error
// or notice of the import code ends it.

define('MOODLE_INTERNAL', true);
const FORMAT_MOODLE = 0, FORMAT_HTML = 1, FORMAT_PLAIN = 2, FORMAT_WIKI = 3;
const FORMAT_MARKDOWN = 4, DEBUG_DEVELOPER = 32767, PARAM_FILE = 'file', PARAM_TEXT = 'text';

// What PHP has deprecated since that Moodle was written is none of ours.
set_error_handler(function ($level, $message, $file, $line) {
    if ($level & (E_DEPRECATED | E_USER_DEPRECATED)) {
        return true;
    }
    throw new Exception("$message in " . basename($file) . ", line $line");
});

function get_string($name, $of = '', $a = null) {
    return trim("$name " . (is_scalar($a) ? $a : json_encode($a)));
}
function get_config($plugin, $name) {
    return $name === 'answernumbering' ? 'abc' : 1;
}
function debugging($message, $level = 0) {
    throw new Exception("debugging: $message");
}
function shorten_text($text, $ideal = 30) {
    return mb_substr($text, 0, $ideal);
}
function html_to_text($html, $width = 75, $links = true) {
    return strip_tags($html);
}
function clean_param($value, $kind) {
    return $value;
}
class moodle_exception extends Exception {
    public function __construct($errorcode, $module = '', $link = '', $a = null) {
        parent::__construct("$errorcode " . json_encode($a));
    }
}
class core_tag_tag {
    public static function is_enabled($component, $type) {
        return true;
    }
}
class core_text {
    public static function trim_utf8_bom($text) {
        return preg_replace('/^\xEF\xBB\xBF/', '', $text);
    }
    public static function entities_to_utf8($text, $html = true) {
        return $text;
    }
    public static function strlen($text) {
        return mb_strlen($text);
    }
}

$CFG = new stdClass();
$CFG->dirroot = $argv[1];
$CFG->libdir = sys_get_temp_dir() . '/moodle_reader_' . getmypid();
mkdir($CFG->libdir);
// PHP 8 wants the type here that the class above it has.
$source = file_get_contents("{$argv[1]}/lib/xmlize.php");
$source = str_replace('public $line;', 'public int $line;', $source);
file_put_contents("$CFG->libdir/xmlize.php", $source);
register_shutdown_function(function () use ($CFG) {
    unlink("$CFG->libdir/xmlize.php");
    rmdir($CFG->libdir);
});
require_once("$CFG->libdir/xmlize.php");
require_once("{$argv[1]}/question/format.php");

$kind = str_ends_with($argv[2], '.xml') ? 'xml' : 'gift';
require_once("{$argv[1]}/question/format/$kind/format.php");

class_alias("qformat_$kind", 'kind_of_reader');
class reader extends kind_of_reader {
    public function questions($file) {
        return $this->readquestions($this->readdata($file));
    }
    protected function error($message, $text = '', $questionname = '') {
        throw new Exception("error: $message: $text $questionname");
    }
    public function try_importing_using_qtypes(
        $data, $question = null, $extra = null, $qtypehint = ''
    ) {
        return null;
    }
}

echo json_encode((new reader())->questions($argv[2]), JSON_THROW_ON_ERROR);
