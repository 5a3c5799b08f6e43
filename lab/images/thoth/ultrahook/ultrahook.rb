# Takes the place of the gem "ultrahook", which no registry here has: its variables, its requests, its answers to what the stream says.
# Usage: ultrahook.rb SUBDOMAIN DESTINATION, with the account's key in ULTRAHOOK_API_KEY.
require "base64"
require "json"
require "net/http"
require "uri"

$stdout.sync = true
puts "stand-in for ultrahook: a client of our own that speaks as the gem does; Ruby is real"

VERSION = "0.1.5"
INIT = URI("http://www.ultrahook.com/init")
# Seconds without a word after which the stream counts as broken: a minute more than the server takes to end it.
SILENCE = 3660

def fail!(message)
  puts "Error: #{message}"
  exit 1
end

# The address of the stream, and the account's name.
def configuration(key, subdomain)
  answer = Net::HTTP.post_form(INIT, "key" => key, "host" => subdomain, "version" => VERSION)
  fail! "the server answers #{answer.code}" unless answer.code == "200"
  said = JSON.parse(answer.body)
  fail! said["error"] unless said["success"]
  puts "Authenticated as #{said["namespace"]}"
  [URI(said["url"]), said["namespace"]]
end

# Hands a request on. What the receiver answers, goes nowhere; a receiver that cannot be reached ends the client, as the gem's.
def deliver(destination, request)
  path, query = request.values_at("path", "query")
  uri = URI("#{destination}#{path}#{"?#{query}" unless query.to_s.empty?}")
  http = Net::HTTP.new(uri.host, uri.port)
  # Nor does the gem look at the receiver's certificate.
  http.use_ssl = uri.scheme == "https"
  http.verify_mode = OpenSSL::SSL::VERIFY_NONE if http.use_ssl?
  answer = http.post(uri.request_uri, request["body"], request["headers"])
  puts "POST #{uri} - #{answer.code}"
end

def handle(message, subdomain, namespace, destination)
  said = JSON.parse(Base64.decode64(message))
  case said["type"]
  when "init" then puts "http://#{subdomain}.#{namespace}.ultrahook.com -> #{destination}"
  when "request" then deliver(destination, said)
  when "warning" then puts "Warning: #{said["message"]}"
  when "error" then fail! said["message"]
  end
end

subdomain, destination = ARGV
key = ENV.fetch("ULTRAHOOK_API_KEY")
stream, namespace = configuration(key, subdomain.downcase)
Net::HTTP.start(stream.host, stream.port, read_timeout: SILENCE) do |http|
  http.request(Net::HTTP::Get.new(stream.request_uri)) do |response|
    kept = +""
    response.read_body do |chunk|
      kept << chunk
      # A message ends with an empty line.
      while (message = kept.slice!(/\A.*?\n\n/m))
        handle(message, subdomain, namespace, destination)
      end
    end
  end
end
fail! "the server has ended the stream"
