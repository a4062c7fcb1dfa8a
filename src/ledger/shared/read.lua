-- Remembers chats that a caller reads in; returns whether that was necessary.
-- KEYS[4]: the chats of the caller. ARGV[3...]: how many are enough, for how many
-- milliseconds, the chats.

for place = 5, #ARGV do
  if redis.call('SCARD', KEYS[4]) < tonumber(ARGV[3]) then
    redis.call('SADD', KEYS[4], ARGV[place])
  end
end
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return 1
