-- Sets series to zero; returns how many there were.
-- KEYS[4...]: windows, and one for each series. ARGV[3...]: the names of the series.

local found = 0
for place = 5, #KEYS do
  local name = ARGV[place - 2]
  found = found + redis.call('DEL', KEYS[place])
  redis.call('ZREM', KEYS[3], name)
  redis.call('HDEL', KEYS[4], name)
end
return found
