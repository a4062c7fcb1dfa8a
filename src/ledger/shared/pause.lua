-- Starts a pause or extends it; never shortens it.
-- KEYS[4]: pause. ARGV[3...]: length, reason.

local now = time()
local length = tonumber(ARGV[3])
local held = string.match(redis.call('GET', KEYS[4]) or '', '^(%d+):')
if held and tonumber(held) >= now + length then
  return 0
end
keep(now)
redis.call('SET', KEYS[4], text(now + length) .. ':' .. ARGV[4], 'PX', text(length / 1000 + 60000))
return 1
