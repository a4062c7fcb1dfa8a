-- Counts a request in all of its windows, or changes nothing.
-- KEYS[4...]: people, seeded, windows, claim, turn, and one for each series.
-- ARGV[3...]: whether to count, the life of a claim in milliseconds or 0, the delay after the
-- call's turn or -1, the longest wait for it, people, counts, the names of the series.

local place = 6
local function word()
  place = place + 1
  return ARGV[place]
end
local function number()
  return tonumber(word())
end

local life = tonumber(ARGV[4])
if life > 0 then
  local held = redis.call('GET', KEYS[7])
  if held then
    return { 2, 0, 0, redis.call('PTTL', KEYS[7]), { held }, {}, '' }
  end
end

local now = time()

local delay, turn = tonumber(ARGV[5]), now
if delay >= 0 then
  turn = math.max(now, tonumber(redis.call('GET', KEYS[8]) or '0'))
  if turn - now > tonumber(ARGV[6]) then
    return { 3, 0, 0, turn - now, {}, {}, '' }
  end
end

local new, seen, people = {}, {}, number()
for _ = 1, people do
  local person = word()
  if not seen[person] then
    seen[person] = true
    if redis.call('SISMEMBER', KEYS[4], person) == 0 then
      new[#new + 1] = person
    end
  end
end

-- A series takes the greatest amount among its counts.
local counts, amounts, windows = {}, {}, {}
for index = 1, number() do
  local group, amount, max, window = number(), number(), number(), number()
  local longest, each = number(), number()
  if each == 1 then
    amount = math.min(amount * #new, 4294967295)
  end
  counts[index] = { group = group, max = max, window = window }
  amounts[group] = math.max(amounts[group] or 0, amount)
  windows[group] = math.max(windows[group] or 0, longest, window)
end

local series = {}
for group, amount in ipairs(amounts) do
  local one = { key = KEYS[8 + group], name = word(), amount = amount, number = 0, total = 0 }
  local newest = redis.call('ZREVRANGE', one.key, 0, 0)[1]
  if newest then
    local number, _, total = parts(newest)
    one.number, one.total = number, total
  else
    local last, window = redis.call('ZSCORE', KEYS[3], one.name), redis.call('HGET', KEYS[6], one.name)
    if last and window and tonumber(last) > now - tonumber(window) then
      -- It was counted, is still in its window, and has vanished: another state from now on.
      redis.pcall('ZREM', KEYS[3], one.name)
      redis.pcall('DEL', KEYS[1])
      return redis.error_reply(REPLACED)
    end
  end
  series[group] = one
end

-- The total before the first hit within the window.
local function before(one, window)
  local from = '(' .. text(now - window)
  local first = redis.call('ZRANGEBYSCORE', one.key, from, '+inf', 'LIMIT', 0, 1)[1]
  if not first then
    return one.total
  end
  local _, amount, total = parts(first)
  return total - amount
end

-- Microseconds until the total before the window reaches `wanted`.
local function comes(one, window, wanted)
  local low = redis.call('ZCOUNT', one.key, '-inf', text(now - window))
  local high = redis.call('ZCARD', one.key) - 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local _, _, total = parts(redis.call('ZRANGE', one.key, middle, middle)[1])
    if total >= wanted then
      high = middle
    else
      low = middle + 1
    end
  end
  local found = redis.call('ZRANGE', one.key, low, low, 'WITHSCORES')
  return tonumber(found[2]) - (now - window)
end

-- The limit that refuses the request for the longest time.
local worst
for index, count in ipairs(counts) do
  local one = series[count.group]
  if one.amount > 0 then
    local gone = before(one, count.window)
    local used = one.total - gone
    local over = used + one.amount - count.max
    if over > 0 then
      local wait = math.huge
      if one.amount <= count.max then
        wait = comes(one, count.window, gone + over)
      end
      if not worst or wait > worst.wait then
        worst = { index = index - 1, left = math.max(count.max - used, 0), wait = wait }
      end
    end
  end
end
if worst then
  local wait = worst.wait
  if wait == math.huge then
    wait = -1
  end
  return { 0, worst.index, worst.left, wait, {}, {}, '' }
end
if ARGV[3] ~= '1' then
  return { 1, 0, 0, 0, {}, {}, '' }
end

keep(now)
local stamp = text(now)
if life > 0 then
  redis.call('SET', KEYS[7], stamp, 'PX', life)
end
if delay >= 0 then
  local next = turn + delay
  redis.call('SET', KEYS[8], text(next), 'PX', text((next - now) / 1000 + 1000))
end
local lines = {}
for group, one in ipairs(series) do
  lines[group] = ''
  if one.amount > 0 then
    -- Lines are kept as long as the longest window looks at them, of any server.
    local window = math.max(windows[group], tonumber(redis.call('HGET', KEYS[6], one.name)) or 0)
    redis.call('HSET', KEYS[6], one.name, text(window))
    redis.call('ZREMRANGEBYSCORE', one.key, '-inf', text(now - window))
    local written = line(one.number + 1, one.amount, one.total + one.amount)
    redis.call('ZADD', one.key, stamp, written)
    redis.call('PEXPIRE', one.key, text(window / 1000 + 3600000))
    redis.call('ZADD', KEYS[3], stamp, one.name)
    lines[group] = stamp .. ':' .. text(one.number + 1)
  end
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', text(now - DAY), 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[3], name)
  redis.call('HDEL', KEYS[6], name)
end
redis.call('PEXPIRE', KEYS[6], KEPT)
for _, person in ipairs(new) do
  redis.call('SADD', KEYS[4], person)
end
if people > 0 then
  redis.call('PEXPIRE', KEYS[4], REMEMBERED)
  redis.call('PEXPIRE', KEYS[5], REMEMBERED)
end
return { 1, 0, 0, turn - now, new, lines, stamp }
